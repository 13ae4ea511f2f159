import { useId, useState } from 'preact/hooks'
import { text } from '#dashboard/core/language.ts'
import { chosenZone, deviceZone, listZones, nameZone, setZone } from '#dashboard/core/zone.ts'
import { TextField } from '#dashboard/ui/field.tsx'

/** Chooses the time zone by a search in its names. An empty field is the zone of the device. */
export function ZoneSetting() {
  const t = text.value.account
  const id = useId()
  const [zones] = useState(listZones)
  const [typed, setTyped] = useState<string | null>(null)
  const plain = (name: string) => nameZone(name).trim().toLowerCase()
  const isUnknown = typed !== null && !zones.some((one) => plain(one).includes(plain(typed)))

  function onValue(value: string): void {
    setTyped(value)
    const found = zones.find((one) => plain(one) === plain(value))
    if (found !== undefined || plain(value) === '') setZone(found ?? null)
  }

  return (
    <>
      <TextField
        label={t.zone}
        hint={t.zoneHint(nameZone(deviceZone))}
        error={isUnknown ? t.zoneUnknown : undefined}
        list={id}
        autocomplete="off"
        placeholder={t.zoneAutomatic}
        value={typed ?? nameZone(chosenZone.value ?? '')}
        onValue={onValue}
        onBlur={() => setTyped(null)}
      />
      <datalist id={id}>
        {zones.map((name) => (
          <option key={name} value={nameZone(name)} />
        ))}
      </datalist>
    </>
  )
}
