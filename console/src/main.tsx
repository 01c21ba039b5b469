/** The console's entry: providers from the outside in, then the router. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ProblemAnswer } from './api/client.ts';
import { SessionProvider, whoQuery } from './api/session.tsx';
import { loadFirstPage, router } from './router.tsx';
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

// Who one is and the page's code are on their way while the frame is prepared.
void queries.prefetchQuery(whoQuery);
loadFirstPage();

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
