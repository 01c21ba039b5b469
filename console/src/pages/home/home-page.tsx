/** Home: what needs attention first. */
import { useSay } from '../../ui/language.tsx';
import { PageHead } from '../../ui/page-head.tsx';

const texts = { title: { en: 'Home', zh: '首页' } };

export default function HomePage() {
  const say = useSay();
  return <PageHead title={say(texts.title)} />;
}
