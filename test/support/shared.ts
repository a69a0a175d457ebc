import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from './command.ts'

/**
 * Acceptance data that is not part of the project; tests that need it skip, with this message, where it is
 * absent.
 */
export const sharedFolder = process.env['SHADOWPLANE_SHARED'] ?? join(projectRoot, '../shared')
export const sharedIsAbsent = !existsSync(sharedFolder)
export const absentMessage = `the acceptance data is not at hand: set SHADOWPLANE_SHARED (looked in ${sharedFolder})`
