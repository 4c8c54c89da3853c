/** The alerts of the configuration. */
import type { AlertConfig } from '../config/types.js';
import type { Alert } from './alert.js';

export function configuredAlerts(alerts: Readonly<Record<string, AlertConfig>>): Alert[] {
  return Object.entries(alerts).map(([name, { windowMs, coolDownMs, ...rest }]) => ({
    ...rest,
    id: `config:${name}`,
    name,
    windowSeconds: Math.round(windowMs / 1000),
    coolDownSeconds: Math.round(coolDownMs / 1000),
  }));
}
