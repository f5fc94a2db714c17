#!/usr/bin/env bun
// oclif's entry point for its own tools: commands are found through the manifest or by scanning src/commands.
import { execute } from '@oclif/core';

await execute({ dir: import.meta.url });
