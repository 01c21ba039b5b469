/** The console's entry: providers from the outside in, then the router. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ProblemAnswer } from './api/client.ts';
import { SessionProvider, whoQuery } from './api/session.tsx';
import { router } from './router.tsx';
import { frameParts } from './ui/frame.tsx';
import { LanguageProvider } from './ui/language.tsx';
import { ThemeProvider } from './ui/theme.tsx';
import './ui/base.css';

const TRIES = 2;
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: true,
      // What the server refused is refused again; a lost connection may come back.
      retry: (count, error) => !(error instanceof ProblemAnswer) && count < TRIES,
    },
  },
});

/**
 * How long nothing is drawn at first, in ms. React holds back for 300 ms what comes after a placeholder it has once shown:
 * whoever has the parts at hand already sees the page itself, others the frame with grey bars.
 */
const PATIENCE_MS = 150;

// Who one is and the page's code come together, not one after the other.
const parts = Promise.all([queries.prefetchQuery(whoQuery), router.load(), frameParts]).catch(() => undefined);
await Promise.race([parts, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <LanguageProvider>
        <ThemeProvider>
          <SessionProvider>
            <RouterProvider router={router} />
          </SessionProvider>
        </ThemeProvider>
      </LanguageProvider>
    </QueryClientProvider>
  </StrictMode>,
);
