/**
 * Secrets put in place, in two forms at once: as they are, for what is served, and as HMACs, for what is
 * hashed. No hash that leaves the process is then a way to guess a secret.
 */
import { Told } from '../../base/problem.ts';
import { type Text, tell } from '../../base/text.ts';
import type { ResourceKey } from '../../sdk/resource.ts';
import { wholeVariable } from '../documents/variables.ts';
import type { CompileInput } from '../resources/define.ts';
import type { LiveResource } from '../resources/catalog.ts';
import { openSealed, type SecretBox } from '../resources/seal.ts';
import { mapTexts } from '../resources/value-at.ts';

/** How a secret value is shown to the compile step. */
export type Showing = 'served' | 'hashed';

const SECRET_DISABLED: Text = { en: 'the Secret "{name}" is disabled', zh: '机密“{name}”已停用' };
const SECRET_MISSING: Text = { en: 'the Secret "{name}" is missing', zh: '机密“{name}”不存在' };

/** Finds another resource of the project. */
export type Look = (kind: string, name: string) => LiveResource | undefined;

/** The resource as its kind's compile step reads it. Raises when a secret cannot be had. */
export function resolve(live: LiveResource, showing: Showing, look: Look, box: SecretBox): CompileInput {
  const { key, stored } = live;
  const show = (value: string): string => (showing === 'served' ? value : `hmac:${box.hmac('entry', value)}`);
  const put = <V>(value: V): V =>
    live.secretPointers.size === 0
      ? value
      : mapTexts(value, (text, pointer) => (live.secretPointers.has(pointer) ? show(secretValue(text, key, look, box)) : text));
  return {
    key,
    enabled: stored.enabled,
    release: stored.release,
    description: stored.description,
    spec: put(live.spec),
    written: put(live.written),
  };
}

/** The value behind the text of a secret field. */
function secretValue(text: string, key: ResourceKey, look: Look, box: SecretBox): string {
  const opened = openSealed(text, key, box);
  if (opened !== undefined) return opened;
  const variable = wholeVariable(text);
  if (variable?.source !== 'secret') return text;
  const named = look('Secret', variable.name);
  if (!named?.stored.enabled) throw new Told(tell(named ? SECRET_DISABLED : SECRET_MISSING, { name: variable.name }));
  const value = String(named.written['value']);
  return openSealed(value, named.key, box) ?? value;
}
