/** A link that looks like a button: it can be opened in another tab, and leads there without a reload. */
import { useNavigate } from '@tanstack/react-router';
import { Button, type ButtonProps } from 'antd';

type Props = Omit<ButtonProps, 'href' | 'onClick'> & {
  /** Path, with its search part. */
  readonly to: string;
};

export function LinkButton({ to, ...rest }: Props) {
  const navigate = useNavigate();
  return (
    <Button
      {...rest}
      href={to}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        void navigate({ to });
      }}
    />
  );
}
