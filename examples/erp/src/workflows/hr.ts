import { candidateMatcher, interviewScheduler, onboarder, resumeScreener } from '../agents/hr.ts'
import { once } from './workflow.ts'
import type { WorkflowTask } from './workflow.ts'

/** One agent for each resume; their profiles go on to the match. */
export const hr: readonly WorkflowTask[] = [
  {
    name: 'resume-screening',
    agent: resumeScreener,
    needs: [],
    subject: ({ resume }) => String(resume),
    inputs: ({ documents, facts }) =>
      documents.filter((path) => path.startsWith('resumes/')).map((resume) => ({ resume, asOf: facts.asOf })),
  },
  {
    name: 'candidate-matching',
    agent: candidateMatcher,
    needs: ['resume-screening'],
    inputs: ({ documents }, done) => [
      {
        // An agent that failed has no profile; the report says so.
        profiles: (done.get('resume-screening') ?? []).flatMap(({ profile }) =>
          profile === undefined ? [] : [profile],
        ),
        jobs: documents.filter((path) => path.startsWith('jobs/')),
      },
    ],
  },
  once(interviewScheduler),
  once(onboarder),
]
