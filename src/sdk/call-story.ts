/**
 * The compact text a call's story travels and is stored as: four lines, made on the path of requests and read
 * only when somebody asks for one call.
 *
 *   1  numbers of the trip        2  marks: `p12,p35 c3;c8` (auth , request phase ; response phase)
 *   3  what steps said of this call, each behind `|`        4…  one line per step of the chain, known before the call
 *
 * Lines end in `~` and fields in `|`: JSON, which carries the text, copies printable characters without a look.
 */
import type { CallStep, CallStory } from './call-record.ts';

/** What each letter of a mark means. */
export const OUTCOME_OF_LETTER = Object.freeze({ p: 'passed', c: 'changed', r: 'refused', a: 'answered', n: 'absent' } as const);

/** The letters, where numbers stand for them. */
export const MARK_LETTERS: readonly string[] = Object.keys(OUTCOME_OF_LETTER);

/** Facts as configuration gives them, or as one call does. */
export type Fact = string | number;

/** A step as its line in a chain describes it. */
export interface ChainStep {
  readonly kind: CallStep['kind'];
  readonly id: string;
  readonly place: string;
  readonly hasRequest: boolean;
  readonly hasResponse: boolean;
  /** Name of what it says of each call, or empty. */
  readonly tells: string;
  /** True for everything it says of all calls. */
  readonly facts: Readonly<Record<string, Fact>>;
}

/** Numbers of the trip, in the order of line 1; milliseconds. */
export interface StoryNumbers {
  readonly headMs: number;
  readonly tries: number;
  /** -1 when no target was asked. */
  readonly targetIndex: number;
  readonly reused: number;
  readonly waitMs: number;
  readonly connectMs: number;
  readonly upstreamMs: number;
  readonly durationMs: number;
}

/** Characters a story may have; one of hundreds of steps is cut, and the rest of them shows as not reached. */
export const STORY_MAX = 8192;
const FACTS_MAX = 8;
const NAME_MAX = 32;
const VALUE_MAX = 64;

/** The lines of a chain; facts beyond eight are left out, long ones cut. */
export function chainText(steps: readonly ChainStep[]): string {
  return steps
    .map(({ kind, id, place, hasRequest, hasResponse, tells, facts }) => {
      const constant = Object.entries(facts).slice(0, FACTS_MAX);
      const shown = constant.map(([name, value]) => `|${plainFact(name.replaceAll('=', ''), NAME_MAX)}=${factText(value)}`).join('');
      return `${kind}|${id}|${place}|${hasRequest ? 'q' : ''}${hasResponse ? 's' : ''}|${plainFact(tells, NAME_MAX)}${shown}`;
    })
    .join('~');
}

/** A fact as texts hold it: numbers bare, texts behind a quote. */
export function factText(value: Fact | undefined): string {
  return value === undefined ? '' : typeof value === 'number' ? String(value) : `'${plainFact(value, VALUE_MAX)}`;
}

/** The whole text. `marks`, `said` and `chain` are as their writers made them. */
export function storyText(numbers: StoryNumbers, target: string, marks: string, said: string, chain: string): string {
  const { headMs, tries, targetIndex, reused, waitMs, connectMs, upstreamMs, durationMs } = numbers;
  const times = `${us(headMs)} ${us(waitMs)} ${us(connectMs)} ${us(upstreamMs)} ${us(durationMs)}`;
  const text = `${times} ${tries} ${reused} ${targetIndex} ${target}~${marks}~${said}~${chain}`;
  return text.length > STORY_MAX ? text.slice(0, text.lastIndexOf('~', STORY_MAX)) : text;
}

/** Reads a text that `storyText` made. */
export function readStory(text: string): CallStory {
  const [first = '', marks = '', said = '', ...chain] = text.split('~');
  const [head, wait, connect, upstream, total, tries, reused, index, address = '', retried = ''] = first.split(' ');
  const steps = readSteps(marks, said.split('|').slice(1), chain.filter((line) => line !== '').map(readChainStep));
  const spent = (phase: string) => steps.reduce((sum, step) => sum + (step.phase === phase ? step.us : 0), 0) / 1000;
  const ms = (number: string | undefined) => Number(number) / 1000;
  return {
    target: Number(index) < 0 ? null : { index: Number(index), address },
    tries: Number(tries),
    retried: retried === '' ? [] : retried.split(','),
    reused: reused === '1',
    phases: {
      headMs: ms(head),
      chainMs: spent('request'),
      waitMs: ms(wait),
      connectMs: ms(connect),
      firstByteMs: Math.max(0, Number(upstream) - Number(connect)) / 1000,
      responseMs: spent('response'),
      totalMs: ms(total),
    },
    steps,
  };
}

function readChainStep(line: string): ChainStep {
  const [kind, id, place, phases = '', tells, ...facts] = line.split('|') as [CallStep['kind'], string, string, string, string];
  const read = (facts as string[]).map((fact) => [fact.slice(0, fact.indexOf('=')), readFact(fact.slice(fact.indexOf('=') + 1))] as const);
  return { kind, id, place, hasRequest: phases.includes('q'), hasResponse: phases.includes('s'), tells, facts: Object.fromEntries(read) };
}

/** Gives each mark to its step: auth in order, then the request phase in order, then the response phase from behind. */
function readSteps(marks: string, said: readonly string[], chain: readonly ChainStep[]): CallStep[] {
  const [before = '', after = ''] = marks.split(';');
  const [ofAuth, ofRequest, ofResponse] = [before.split(',')[0]!, before.split(',')[1] ?? '', after].map(words) as [
    string[],
    string[],
    string[],
  ];
  const policies = chain.filter((step) => step.kind === 'policy');
  const asked = policies.filter((step) => step.hasRequest);
  const ended = asked.slice(ofRequest.length);
  const reached = ended.length > 0 ? policies.slice(0, policies.indexOf(asked[ofRequest.length - 1]!) + 1) : policies;
  const auth = chain.filter((step) => step.kind === 'auth').slice(0, ofAuth.length);
  const tellers = [...auth, ...reached].filter((step) => step.tells !== '');
  const factsOf = (step: ChainStep): CallStep['facts'] => {
    const own = said[tellers.indexOf(step)];
    return own ? { ...step.facts, [step.tells]: readFact(own) } : step.facts;
  };
  const tell = (step: ChainStep, phase: CallStep['phase'], mark: string, isFirst = true): CallStep => {
    const { kind, id, place } = step;
    return { ...readMark(mark), kind, id, place, phase, facts: isFirst ? factsOf(step) : {} };
  };
  const back = reached.filter((step) => step.hasResponse).reverse();
  return [
    ...auth.map((step, i) => tell(step, 'request', ofAuth[i]!)),
    ...asked.slice(0, ofRequest.length).map((step, i) => tell(step, 'request', ofRequest[i]!)),
    ...back.slice(0, ofResponse.length).map((step, i) => tell(step, 'response', ofResponse[i]!, !step.hasRequest)),
    ...ended.map((step) => tell(step, 'request', '')),
  ];
}

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');

function readMark(mark: string): Pick<CallStep, 'outcome' | 'us' | 'code'> {
  const outcome = OUTCOME_OF_LETTER[mark[0] as keyof typeof OUTCOME_OF_LETTER] ?? 'not-reached';
  const [time = '0', code = ''] = mark.slice(1).split('=');
  return { outcome, us: Number(time), code };
}

function readFact(text: string): Fact {
  return text.startsWith("'") ? text.slice(1) : Number(text);
}

/** Without the characters that part fields and lines, and cut. */
function plainFact(text: string, max: number): string {
  const short = text.length > max ? text.slice(0, max) : text;
  // oxlint-disable-next-line no-control-regex
  return /[\0-\x1f\x7f|~"\\]/.test(short) ? short.replace(/[\0-\x1f\x7f|~"\\]/g, ' ') : short;
}

const us = (ms: number): number => Math.round(ms * 1000);
