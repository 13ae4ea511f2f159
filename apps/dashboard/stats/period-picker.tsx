import { useEffect, useState } from 'preact/hooks'
import { text } from '#dashboard/core/language.ts'
import { deviceZone, listZones, nameZone } from '#dashboard/core/zone.ts'
import { SelectField, TextField } from '#dashboard/ui/field.tsx'
import { PERIODS, type Period, today } from './period.ts'

const FEW_ZONES = [...new Set([deviceZone, 'UTC'])]

/** Time after which all zones are listed. They are 400 elements, which the page can be drawn without. */
const ZONES_MS = 500

/** The zones of the browser, its own first. */
function useZones(): readonly string[] {
  const [zones, setZones] = useState(FEW_ZONES)
  useEffect(() => {
    const timer = setTimeout(() => setZones(listZones()), ZONES_MS)
    return () => clearTimeout(timer)
  }, [])
  return zones
}

/** Chooses the period and the time zone in which its days begin. */
export function PeriodPicker({ period, onPeriod }: { period: Period; onPeriod: (next: Period) => void }) {
  const t = text.value.stats
  const known = useZones()
  const zones = known.includes(period.zone) ? known : [period.zone, ...known]
  // A date input reports an empty or half-typed date while it is edited.
  const onDay = (change: Partial<Period>) => {
    const next = { ...period, ...change }
    if (next.from !== '' && next.to !== '' && next.from <= next.to) onPeriod(next)
  }
  return (
    <div class="period">
      <SelectField
        label={t.period}
        value={period.name}
        options={PERIODS.map((value) => ({ value, label: t.periods[value] }))}
        onValue={(name) => onPeriod({ ...period, name })}
      />
      {period.name === 'custom' && (
        <>
          <TextField
            label={t.from}
            type="date"
            max={period.to}
            value={period.from}
            onValue={(from) => onDay({ from })}
          />
          <TextField
            label={t.to}
            type="date"
            min={period.from}
            max={today(period.zone)}
            value={period.to}
            onValue={(to) => onDay({ to })}
          />
        </>
      )}
      <SelectField
        label={t.zone}
        value={period.zone}
        options={zones.map((value) => ({ value, label: nameZone(value) }))}
        onValue={(zone) => onPeriod({ ...period, zone })}
      />
    </div>
  )
}
