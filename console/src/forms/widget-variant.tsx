/** One of several shapes: a choice of the type, then that type's fields. What was typed for another type comes back. */
import { Segmented, Select } from 'antd';
import { useRef } from 'react';
import { useLanguage } from '../ui/language.tsx';
import { chosenVariant, fits, startValue } from './fields.ts';
import { Help } from './field.tsx';
import { useForm, type ValueProps } from './form-use.ts';
import { variantLabel } from './names.ts';
import { helpOf, isObject, type JsonSchema, variantsOf } from './schema.ts';
import { Value } from './value.tsx';

const texts = {
  type: { en: 'Type of {name}', zh: '“{name}”的类型' },
  choose: { en: 'Choose …', zh: '请选择…' },
};

const SEGMENTS_MAX = 3;

export function VariantValue(props: ValueProps) {
  const { say, language } = useLanguage();
  const { readOnly, change } = useForm();
  const { schema, pointer, value, label, id } = props;
  const left = useRef(new Map<number, unknown>());
  const variants = variantsOf(schema) ?? [];
  const shown = value ?? schema.default;
  const chosen = shown === undefined ? -1 : chosenVariant(schema, shown);
  const choose = (index: number) => {
    left.current.set(chosen, value);
    const made = left.current.get(index) ?? carried(variants[index]!, value);
    change({ pointer, value: made });
  };
  const options = variants.map((variant, index) => ({ value: index, label: variantLabel(variant, language) }));
  const name = say(texts.type, { name: label });
  const own = variants[chosen];
  const help = own && schema['x-discriminator'] ? helpOf(own, language) : undefined;
  return (
    <div className="weir-fields">
      {options.length <= SEGMENTS_MAX && chosen >= 0 ? (
        <div>
          <Segmented<number> id={id} aria-label={name} disabled={readOnly} value={chosen} options={options} onChange={choose} />
        </div>
      ) : (
        <Select<number>
          id={id}
          aria-label={name}
          disabled={readOnly}
          showSearch={{ optionFilterProp: 'label' }}
          placeholder={say(texts.choose)}
          style={{ maxWidth: 320 }}
          {...(chosen < 0 ? {} : { value: chosen })}
          options={options}
          onChange={choose}
        />
      )}
      {help ? <Help text={help} /> : null}
      {own && own.const === undefined ? <Value {...props} id={`${id}-value`} schema={own} value={value} required /> : null}
    </div>
  );
}

/** The start of a variant, with the members of the old value that fit it too. */
function carried(variant: JsonSchema, before: unknown): unknown {
  const made = startValue(variant);
  if (!isObject(made) || !isObject(before)) return made;
  const shared = Object.entries(before).filter(([name, item]) => {
    const inner = variant.properties?.[name];
    return inner && inner.const === undefined && fits(inner, item);
  });
  return { ...made, ...Object.fromEntries(shared) };
}
