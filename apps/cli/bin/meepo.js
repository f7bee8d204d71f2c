#!/usr/bin/env node
// A file of its own, outside of what is built: npm links commands when it installs, before anything is built.
import '../dist/main.js'
