/**
 * Everything that is measured without an Envoy, in one run: `node bench/table.ts [--quick] [--json FILE]
 * [--profile DIR]`.
 */
import { measureEndToEnd } from './end-to-end.ts'
import { measureFanOut } from './fan-out.ts'
import { measureReconnectStorm } from './reconnect-storm.ts'
import { measureStalledReaders } from './stalled-readers.ts'
import { runMeasurement } from './support/measure-run.ts'

await runMeasurement(1_800_000, measureFanOut, measureEndToEnd, measureReconnectStorm, measureStalledReaders)
