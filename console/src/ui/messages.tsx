/** Gives pages `App.useApp()`: messages, notes and questions in the theme in use. Its own chunk, behind the frame. */
import { App } from 'antd';
import type { ReactNode } from 'react';

export default function Messages({ children }: { readonly children: ReactNode }) {
  return (
    <App component={false} message={{ maxCount: 3 }}>
      {children}
    </App>
  );
}
