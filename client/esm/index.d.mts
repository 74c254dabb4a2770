export * from '../dist/types/client/src/index.js';
