import { CACHE_SECONDS, Habit } from './protocol';
import type { RotationStrategyName } from '../src/contract';

/** What people call the services. */
export const HABITS: Record<Habit, { readonly name: string; readonly what: string }> = {
  rotating: { name: 'rotating-postgres-client', what: 'rotatingPool(), no other setting' },
  'read-once': { name: 'read once', what: 'user and password are read when the service starts' },
  cached: {
    name: `cached ${CACHE_SECONDS} s`,
    what: `the password is read again every ${CACHE_SECONDS} s; pg cannot change the user of a pool`,
  },
};

/** What people call the strategies. */
export const STRATEGIES: Record<RotationStrategyName, string> = {
  single: 'Single user',
  alternating: 'Alternating users',
};
