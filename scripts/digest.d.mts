export function sourceFiles(root?: string): string[];
export function sourceDigest(root?: string): string;
