import type { AnchorHTMLAttributes, ButtonHTMLAttributes, ComponentChildren } from 'preact'
import { Icon, type IconName } from './icon.tsx'

type Kind = 'primary' | 'secondary' | 'quiet' | 'danger'

interface Look {
  kind?: Kind
  icon?: IconName
  isSmall?: boolean
}

interface ButtonProps extends Look, Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'icon' | 'class'> {
  isBusy?: boolean
  children?: ComponentChildren
}

const classOf = ({ kind = 'secondary', isSmall }: Look) => `button ${kind}${isSmall ? ' is-small' : ''}`

/** A button with text. While busy it stays focusable and ignores presses. */
export function Button({ kind, icon, isSmall, isBusy = false, children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      class={classOf({ ...(kind && { kind }), ...(isSmall && { isSmall }) })}
      aria-busy={isBusy}
      {...rest}
      onClick={isBusy ? (event: Event) => event.preventDefault() : onClick}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  )
}

/** A button with an icon only; `label` is its name and tooltip. */
export function IconButton({
  label,
  icon,
  kind = 'quiet',
  ...rest
}: ButtonProps & { label: string; icon: IconName }) {
  return (
    <button type="button" class={`button is-icon ${kind}`} aria-label={label} title={label} {...rest}>
      <Icon name={icon} />
    </button>
  )
}

/** A link that looks like a button. */
export function ButtonLink({
  kind,
  icon,
  isSmall,
  children,
  ...rest
}: Look & AnchorHTMLAttributes<HTMLAnchorElement>) {
  return (
    <a class={classOf({ ...(kind && { kind }), ...(isSmall && { isSmall }) })} {...rest}>
      {icon && <Icon name={icon} />}
      {children}
    </a>
  )
}

/** A link with an icon only; `label` is its name and tooltip. */
export function IconLink({
  label,
  icon,
  href,
  ...rest
}: AnchorHTMLAttributes<HTMLAnchorElement> & { label: string; icon: IconName; href: string }) {
  return (
    <a class="button is-icon quiet" href={href} aria-label={label} title={label} {...rest}>
      <Icon name={icon} />
    </a>
  )
}
