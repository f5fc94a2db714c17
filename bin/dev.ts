#!/usr/bin/env bun
// skiff from its sources, with no build: what the built file does, a little slower.
import '../src/main.ts';
