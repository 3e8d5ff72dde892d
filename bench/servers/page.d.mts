export const PAGE: string;
export function userOf(id: string): { id: string; name: string; roles: string[]; active: boolean };
export const TTL: number;
export const port: number;
