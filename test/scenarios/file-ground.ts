import { expect } from 'vitest'
import { shadowplane } from '../support/command.ts'
import { folderWith } from '../support/folder.ts'
import { serve } from '../support/serving.ts'
import type { Ground } from './ground.ts'

/** Objects in files, as `serve --config` reads them. */
export const fileGround: Ground = {
  name: 'files',
  obstacle: undefined,
  address: '127.0.0.1',
  serve: (files) => serve(files),
  async errors(files) {
    const { status, stdout } = await shadowplane(['validate', '-f', '.'], { cwd: folderWith(files) })
    const lines = stdout.split('\n').filter((line) => / error /.test(line))
    expect(status).toBe(lines.length === 0 ? 0 : 1)
    expect(lines.filter((line) => !/^\S+\.yaml:\d+:\d+ /.test(line))).toEqual([])
    return { asked: 'shadowplane validate', lines }
  },
}
