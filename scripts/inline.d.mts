import type { BuildOptions, Metafile, Plugin } from "esbuild";

export const builtinsForCommonJs: Plugin;
export function packageOptions(manifest: object): BuildOptions;
export function copiedLicences(metafile: Metafile, folder: string): string | undefined;
