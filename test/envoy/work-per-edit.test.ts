import { expect, test } from 'vitest'
import { measureWorkPerEdit } from '../../bench/work-per-edit.ts'
import { setting } from '../support/envoy-setting.ts'

test(
  'one percentage among many costs one translation, one resource and one response; what is unrelated ' +
    'costs nothing',
  async () => {
    const { edit, unrelated, runs } = await measureWorkPerEdit({ ...(await setting()), size: 30 })
    expect(edit).toMatchObject({
      translated: 1,
      resources: 1,
      responses: [{ type: 'virtual-host', names: [expect.stringMatching(/^http\.80\//)] }],
    })
    expect(runs.edit.get('translate')).toBe(1)
    expect(runs.edit.get('resolve clusters')).toBeUndefined()
    expect(unrelated.length).toBeGreaterThan(3)
    expect(unrelated.filter(({ resources, responses }) => resources + responses.length !== 0)).toEqual([])
    expect(unrelated.filter(({ translated }) => translated !== 0)).toEqual([])
  },
)
