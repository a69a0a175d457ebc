import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Turns } from '../../src/server/admission/turns.ts'

/** Keeps the process busy. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

test('work is done in its order, and others have their turn while there is much of it', async () => {
  const turns = new Turns()
  const done: (number | 'other')[] = []
  for (let each = 0; each < 10; each += 1)
    turns.next(() => {
      done.push(each)
      work(15)
    })
  while (done.filter((each) => each !== 'other').length < 10) {
    await turn()
    done.push('other')
  }
  expect(done.filter((each) => each !== 'other')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(done.indexOf('other')).toBeLessThan(9)
})

test('work that leads to more of it does not go on for ever in one turn', async () => {
  const turns = new Turns()
  let count = 0
  const again = (): void => {
    count += 1
    turns.next(() => {
      again()
    })
  }
  again()
  await turn()
  await turn()
  expect(count).toBeLessThan(10)
  expect(count).toBeGreaterThan(1)
})

test('heavy work runs after all other work, and some of it in every turn', async () => {
  const turns = new Turns()
  const done: string[] = []
  for (const name of ['heavy 1', 'heavy 2', 'heavy 3'])
    turns.nextHeavy(() => {
      done.push(name)
      work(30)
    })
  for (const name of ['light 1', 'light 2'])
    turns.next(() => {
      done.push(name)
      if (name === 'light 2') turns.next(() => done.push('light 3'))
    })
  while (done.length < 6) await turn()
  expect(done).toEqual(['light 1', 'light 2', 'heavy 1', 'light 3', 'heavy 2', 'heavy 3'])
})
