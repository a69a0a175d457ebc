#!/usr/bin/env node
const oldest = [22, 19] as const
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  process.stderr.write(
    `shadowplane needs Node ${oldest.join('.')} or newer; this is ${process.version} (${process.execPath})\n`,
  )
  process.exitCode = 2
} else {
  // grpc-js logs what it also reports as an error; --log has what people need.
  process.env['GRPC_VERBOSITY'] ??= 'NONE'
  // Only now, as an older Node may not even read what the commands import.
  const { surviveOutputErrors } = await import('./cli/output/output-errors.ts')
  surviveOutputErrors()
  const { runProgram } = await import('./cli/program.ts')
  process.exitCode = await runProgram(process.argv.slice(2))
}

export {}
