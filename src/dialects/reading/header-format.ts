import { didYouMean } from '../../diagnostics/did-you-mean.ts'
import { formatCommands } from './format-command.ts'

/** A mistake in a format, in words that follow the field's name. */
export interface FormatMistake {
  readonly message: string
  readonly hint: string
}

/**
 * Envoy's substitution format: a command ends at the first `%` that may end it, also after parentheses inside
 * its argument.
 */
const command = /%(?<name>[A-Z0-9_]+)(?:\((?<argument>.*?)\))?(?::(?<length>\d+))?%/sy

/**
 * The first mistake in a header's value for which Envoy would reject the whole response; undefined if there
 * is none.
 */
export function formatMistake(text: string): FormatMistake | undefined {
  for (let at = text.indexOf('%'); at !== -1; at = text.indexOf('%', at)) {
    if (text[at + 1] === '%') {
      at += 2
      continue
    }
    command.lastIndex = at
    const found = command.exec(text)
    if (found?.groups === undefined) {
      return {
        message: "must have each % doubled, or around one of Envoy's commands",
        hint: 'write %% for a percent sign',
      }
    }
    const mistake = commandMistake(found[0], found.groups)
    if (mistake !== undefined) return mistake
    at += found[0].length
  }
  return undefined
}

function commandMistake(
  written: string,
  { name = '', argument = '', length }: Partial<Record<string, string>>,
): FormatMistake | undefined {
  const known = formatCommands.get(name)
  if (known === undefined) {
    const meant = didYouMean(name, [...formatCommands.keys()])
    return {
      message: `has ${written}, which is not a command of Envoy`,
      hint: meant === undefined ? 'write %% for a percent sign' : `did you mean %${meant}%?`,
    }
  }
  if (argument === '' && known.argument === 'required')
    return { message: `has ${written}, must say of what`, hint: `write %${name}(…)%` }
  if (argument !== '' && known.argument === 'none')
    return { message: `has ${written}, must be without parentheses`, hint: `write %${name}%` }
  if (length !== undefined && known.length === 'none')
    return { message: `has ${written}, must be without a length`, hint: `remove :${length}` }
  if (known.form?.test(argument) === false)
    return {
      message: `has ${written}: Envoy does not accept the argument in the parentheses`,
      hint: 'see Envoy\'s "Substitution Formatter"',
    }
  return undefined
}
