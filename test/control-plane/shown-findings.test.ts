import { expect, test } from 'vitest'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { shownFindings } from '../../src/control-plane/shown-findings.ts'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts'
import { finding } from '../../src/diagnostics/finding.ts'
import type { ControlPlaneEvent } from '../../src/observe/event.ts'
import { createPipeline } from '../../src/pipeline/pipeline.ts'
import { originAt } from '../support/model-values.ts'

function watched() {
  const events: Extract<ControlPlaneEvent, { kind: 'diagnostics' }>[] = []
  const findings = shownFindings(
    {
      pipeline: createPipeline(defaultSettings),
      state: () => ({ manifests: new Map(), diagnostics: [], outage: undefined }),
      tell: (event) => {
        if (event.kind === 'diagnostics') events.push(event)
      },
      isComplete: () => true,
    },
    () => undefined,
  )
  return { events, findings }
}

const mistakes = (count: number): readonly Diagnostic[] =>
  Array.from({ length: count }, (_, index) =>
    finding('field/unknown', originAt(`shop/o${index}`, 'spec'), { message: `mistake ${index} `.repeat(20) }),
  )

test('many new findings leave turns of the event loop to others, and each is shown once', async () => {
  const { events, findings } = watched()
  let turns = 0
  const count = (): void => {
    turns += 1
    if (turns < 1_000) setImmediate(count)
  }
  setImmediate(count)
  findings.show('many', mistakes(20_000))
  expect(events).toHaveLength(1)
  const shownAtOnce = events[0]?.added.length ?? 0
  expect(shownAtOnce).toBeGreaterThan(0)
  expect(shownAtOnce).toBeLessThan(20_000)
  await findings.settled()
  expect(turns).toBeGreaterThan(1)
  const texts = events.flatMap(({ added }) => added.map(({ text }) => text))
  expect(texts).toHaveLength(20_000)
  expect(new Set(texts).size).toBe(20_000)
  expect(findings.severities()).toEqual({ error: 20_000, warning: 0, info: 0 })
})

test('findings that are resolved while others are shown are resolved in the end', async () => {
  const { events, findings } = watched()
  findings.show('many', mistakes(20_000))
  findings.show('many', [])
  await findings.settled()
  expect(findings.severities()).toEqual({ error: 0, warning: 0, info: 0 })
  const count = (which: 'added' | 'resolved'): number =>
    events.reduce((sum, event) => sum + event[which].length, 0)
  expect([count('added'), count('resolved')]).toEqual([20_000, 20_000])
})
