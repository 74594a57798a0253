// The names that the rest of the code uses for what the OpenAPI document describes.
import type { components } from './schema';

type Schemas = components['schemas'];

export type Attempt = Schemas['Attempt'];
export type Board = Schemas['Board'];
export type Cell = Schemas['Cell'];
export type Commit = Schemas['Commit'];
export type Outcome = Schemas['Outcome'];
export type Service = Schemas['Service'];
