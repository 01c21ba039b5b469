/** Head of a page: its title, a line about it, and what one can do. */
import { type ReactNode, useEffect } from 'react';

interface Props {
  readonly title: string;
  readonly about?: string;
  readonly children?: ReactNode;
}

/** Draws the head and names the browser's tab. */
export function PageHead({ title, about, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Weir 堰`;
  }, [title]);
  return (
    <header className="weir-page-head">
      <div style={{ flex: '1 1 320px', minWidth: 0 }}>
        <h1>{title}</h1>
        {about ? <div className="weir-quiet">{about}</div> : null}
      </div>
      {children}
    </header>
  );
}
