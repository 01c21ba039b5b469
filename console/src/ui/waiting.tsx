/** Grey bars where a page's content will stand: nothing jumps when it comes. */
import { useSay } from './language.tsx';

const texts = { loading: { en: 'Loading', zh: '加载中' } };
const WIDTHS = ['34%', '62%', '100%', '100%', '86%'];

export function Waiting() {
  const say = useSay();
  return (
    <div className="weir-waiting" role="status" aria-label={say(texts.loading)}>
      {WIDTHS.map((width, i) => (
        <span key={`${i}${width}`} style={{ width }} />
      ))}
    </div>
  );
}
