/** What stands where a page is missing or broke: the reason and a way on. */
import { useRouter } from '@tanstack/react-router';
import { Button } from 'antd';
import { lazy, Suspense } from 'react';
import { keyWords } from './key-words.ts';
import { useSay } from './language.tsx';
import { PageHead } from './page-head.tsx';

const LazyProblem = lazy(async () => ({ default: (await import('./problem-view.tsx')).ProblemView }));

const texts = {
  lost: { en: 'There is no such page', zh: '没有此页面' },
  lostHint: {
    en: 'The address may be cut short or old. Search finds every page and resource: {keys}.',
    zh: '地址可能不完整或已失效。按 {keys} 可搜索所有页面与资源。',
  },
  home: { en: 'Go to Home', zh: '返回首页' },
};

/** For addresses that lead nowhere. */
export function LostPage() {
  const say = useSay();
  return (
    <PageHead title={say(texts.lost)} about={say(texts.lostHint, { keys: keyWords('mod K') })}>
      <Button href="/">{say(texts.home)}</Button>
    </PageHead>
  );
}

/** For a page that could not be drawn or loaded. */
export function PageFailed({ error }: { readonly error: unknown }) {
  const router = useRouter();
  return (
    <Suspense fallback={null}>
      <LazyProblem error={error} retry={() => void router.invalidate()} />
    </Suspense>
  );
}
