/** Parts that are larger than their place: they take the focus then, so that keys scroll them too. */
import { type RefObject, useEffect, useRef } from 'react';

/** A ref for the element around an antd table. */
export function useScrollableTable<Around extends HTMLElement>(): RefObject<Around | null> {
  const around = useRef<Around>(null);
  // What is shown may change with every drawing.
  useEffect(() => {
    for (const part of around.current?.querySelectorAll<HTMLElement>('.ant-table-content, .ant-table-body') ?? [])
      part.tabIndex = part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight ? 0 : -1;
  });
  return around;
}
