import type { Break } from '../break.ts'

export const streamBreaks: readonly Break[] = [
  {
    what: 'streams end with the first thing that is not there yet',
    lines: [
      {
        file: '/engine-embedded/dist/stream.js',
        find: 'if (this.#failure)',
        replace: 'if (this.#failure || !this.#next)',
      },
    ],
    fails: [
      'two consumers, one slow, see every type of stream event in order',
      'a stream resumed at any event repeats nothing and loses nothing, in another engine too',
      'the last event of a failed or cancelled run is its error, and the stream itself does not throw',
      'a consumer that comes in the middle of a text gets all of it, without a gap',
      'text and tools can be streamed alone; a wrong cursor and an unknown run are refused',
    ],
  },
  {
    what: 'a stream forgets the step that an end cut off',
    lines: [
      {
        file: '/core/dist/engine/stream-fold.js',
        find: 'const start = this.#steps.get(event.data.number);\n                if (!start)',
        replace:
          'const start = this.#steps.get(event.data.number);\n                this.#steps.delete(event.data.number);\n                if (!start)',
      },
    ],
    fails: ['the stream of a run that is reopened goes on with the step that its end cut off'],
  },
]
