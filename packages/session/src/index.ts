// The public face of the package.
export const placeholder: undefined = undefined;
