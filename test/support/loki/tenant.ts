/** Which tenants X-Scope-OrgID may name. */
const LONGEST = 150;

/** Loki's sentence about a tenant that it does not take; undefined for one that it does. */
export function whatIsWrongWithTenant(tenant: string): string | undefined {
  const parts = tenant.split('|');
  for (const part of parts) {
    const bad = /[^a-zA-Z0-9!\-_.*'()]/u.exec(part)?.[0];
    if (bad !== undefined) return `tenant ID '${part}' contains unsupported character '${bad}'`;
    if (part.length > LONGEST) return `tenant ID is too long: max ${LONGEST} characters`;
    if (part === '.' || part === '..') return "tenant ID is '.' or '..'";
  }
  return new Set(parts).size > 1 ? 'multiple org IDs present' : undefined;
}
