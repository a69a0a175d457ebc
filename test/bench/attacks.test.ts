import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runAttack } from '../../bench/support/attacks/attack-run.ts'

// That the measurement measures; never a duration.

const program = join(import.meta.dirname, '../..')

test.each(['serve', 'serve, certificates', 'library'] as const)(
  'edits reach honest proxies while one client attacks: %s',
  async (server) => {
    const found = await runAttack(
      { attack: 'virtual-hosts', program, server },
      { idle: 300, attacked: 600 },
      AbortSignal.timeout(100_000),
    )
    expect(found).toMatchObject({ isRunning: true, newcomer: expect.stringMatching(/^\d+ ms$/) })
    expect([...found.idle, ...found.attacked].filter((time) => !Number.isFinite(time))).toEqual([])
    expect([found.idle.length, found.attacked.length].every((count) => count > 0)).toBe(true)
    expect(found.memory.peak).toBeGreaterThan(0)
  },
  120_000,
)
