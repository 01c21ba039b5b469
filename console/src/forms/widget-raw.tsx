/** Values no other widget draws: kept as they are, edited as JSON. */
import { Input } from 'antd';
import { useEffect, useState } from 'react';
import { useSay } from '../ui/language.tsx';
import type { Change } from './change.ts';
import { Problems } from './field.tsx';
import { fits } from './fields.ts';
import { useForm, type ValueProps } from './form-use.ts';
import { below, type JsonObject } from './schema.ts';
import { useHeld } from './use-held.ts';

const texts = {
  notJson: { en: 'This is not JSON yet; the value stays as it was.', zh: '尚不是合法的 JSON，值保持不变。' },
  unknown: {
    en: 'Not known to this form; kept as written: {names}.',
    zh: '此表单不认识以下内容，将原样保留：{names}。',
  },
};

/** A field for any JSON; plain texts with variables such as `${env:PORT}` are edited as texts. */
export function RawValue(props: ValueProps) {
  const say = useSay();
  const { readOnly, change } = useForm();
  const { schema, pointer, value, id, required, describedBy } = props;
  const hold = useHeld(`${pointer} raw`);
  const isText = typeof value === 'string';
  const written = isText ? value : value === undefined ? '' : JSON.stringify(value, null, 2);
  const [typed, setTyped] = useState(written);
  const [bad, setBad] = useState(false);
  useEffect(() => setTyped(written), [written]);
  // A text that no text may stand for is JSON once it can be read as such: what a draft kept of a half-typed one.
  const read = (given: string) => (isText ? (fits(schema, '') ? given : (parse(given) ?? given)) : parse(given));
  const changeTo = (given: string): Change | undefined => {
    if (given === written) return undefined;
    if (given.trim() === '' && !required) return { pointer, remove: true };
    const found = read(given);
    return found === undefined ? undefined : { pointer, value: found };
  };
  function type(given: string) {
    setTyped(given);
    // Half a JSON is kept as the text it is.
    hold(given === written ? undefined : (changeTo(given) ?? { pointer, value: given }));
  }
  function leave() {
    const made = changeTo(typed);
    setBad(made === undefined && typed !== written);
    if (made === undefined && typed !== written) return;
    hold();
    if (made) change(made);
  }
  return (
    <>
      <Input.TextArea
        id={id}
        aria-describedby={describedBy}
        className="weir-code"
        disabled={readOnly}
        value={typed}
        autoSize={{ minRows: isText ? 1 : 2, maxRows: 16 }}
        spellCheck={false}
        onChange={(event) => type(event.target.value)}
        onBlur={leave}
      />
      {bad ? <Problems own={[{ pointer, detail: say(texts.notJson) }]} /> : null}
    </>
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Names what a form leaves untouched. */
export function UnknownMembers(props: { readonly pointer: string; readonly members: JsonObject; readonly names: readonly string[] }) {
  const say = useSay();
  const { names, pointer, members } = props;
  if (names.length === 0) return null;
  return (
    <div className="weir-field-note weir-quiet">
      {say(texts.unknown, { names: names.join(', ') })}
      <pre className="weir-code">{names.map((name) => `${below(pointer, name)}: ${JSON.stringify(members[name])}`).join('\n')}</pre>
    </div>
  );
}
