import { largestProgram } from '../model/regex.ts'
import type { Message } from '../xds/proto.ts'

/**
 * A runtime layer under which Envoy takes expressions up to our limit; by itself it refuses those whose
 * program is larger than 100.
 */
export const regexLimit: Message<'envoy.config.bootstrap.v3.RuntimeLayer'> = {
  name: 'regular expressions',
  static_layer: { re2: { max_program_size: { error_level: largestProgram } } },
}
