/** Names the place of a mistake as the page does, and leads there. */
import { Button } from 'antd';
import { useSay } from '../../ui/language.tsx';
import { type MistakePlace, mistakePlace } from './mistake-place.ts';

interface Props {
  readonly pointer: string;
  readonly onGo: (place: MistakePlace) => void;
}

/** A button with the field's name; the pointer itself where the page has no field for it. */
export function Where({ pointer, onGo }: Props) {
  const say = useSay();
  const place = mistakePlace(pointer);
  if (!place) return pointer === '' ? null : <code>{pointer}</code>;
  return (
    <Button type="link" size="small" style={{ padding: 0 }} onClick={() => onGo(place)}>
      {say(place.text, place.name === undefined ? {} : { name: place.name })}
    </Button>
  );
}
