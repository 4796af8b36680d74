// The file that says which shard holds which tensor: written when all of them are there.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { indexName } from './existing.js';
import type { CheckpointPlan } from './plan.js';
