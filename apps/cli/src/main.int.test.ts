import { expect, onTestFinished, test } from 'vitest'
import { createProject } from '../test-support/project.ts'

test('an older Node is refused with a message, not with a syntax error', async () => {
  const older =
    "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.11.0'}})"
  const { code, out, err } = await createProject(onTestFinished).start(['runs'], { node: ['--import', older] }).ended
  expect({ code, out, err }).toEqual({
    code: 2,
    out: '',
    err: 'meepo needs Node 24 or newer; this is Node 20.11.0. See https://nodejs.org\n',
  })
})

test('version and help go to stdout', async () => {
  const project = createProject(onTestFinished)
  expect(await project.meepo('--version')).toMatchObject({ code: 0, out: '0.1.0\n', err: '' })
  expect(await project.meepo('run', '--help')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^Usage: meepo run/),
  })
})

test('without a command help is shown, and that is a wrong command line', async () => {
  expect(await createProject(onTestFinished).meepo()).toMatchObject({ code: 2, out: '' })
})
