/** A link that looks like a button: it can be opened in another tab, and leads there without a reload. */
import { useRouter } from '@tanstack/react-router';
import { Button, type ButtonProps } from 'antd';

type Props = Omit<ButtonProps, 'href' | 'onClick'> & {
  readonly to: string;
  readonly search?: Readonly<Record<string, string>>;
};

export function LinkButton({ to, search, ...rest }: Props) {
  const router = useRouter();
  const target = search ? { to, search: search as never } : { to };
  return (
    <Button
      {...rest}
      href={router.buildLocation(target).href}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        void router.navigate(target);
      }}
    />
  );
}
