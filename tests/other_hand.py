"""A second, small population by another hand than `synthetic/`: nothing is tuned on it, quality is tested on it.

Plain Python, a loop per family, few and skewed names (many people are just SITI or MUHAMMAD), errors in another mix:
cards renumbered in a third of the field records, numbers missing, mistyped, rounded, borrowed, two register numbers for
one person, titles on anyone, default days, Balinese words in another order. Writes the three providers' files in the
layouts of the sources and the truth beside them.
"""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from reference.regions import region_tables

MEN = "MUHAMMAD SUTRISNO AHMAD ASEP UJANG HASAN HUSEIN SLAMET MULYADI WAGIMAN HARTONO YUSUF DADANG KARNA FAUZI BAMBANG JOKO EKO YOHANES AGUS".split()
WOMEN = "SITI SUTINI NUR SUMARNI EUIS NENG HASANAH AISYAH FITRI WAGIYEM SRI DEWI YULIANA MARIA LESTARI KARTINI PUTRI INDAH TUMINAH RINI".split()
MORE = "SAPUTRA PURNOMO NUGROHO WIBOWO SANTOSO SETIAWAN HIDAYAT MAULANA RAMADHAN FIRMANSYAH PRATAMA KURNIAWAN SUSANTO PERMANA GUNAWAN".split()
MORE_W = "WULANDARI RAHAYU UTAMI HANDAYANI SAFITRI ANGGRAINI PUSPITA MULYANI ASTUTI PERMATASARI OKTAVIANI NURJANAH SARI HALIMAH ROHANI".split()
MARGA = "SINAGA SIREGAR PANJAITAN HUTAGALUNG PASARIBU SITORUS NAINGGOLAN MANURUNG".split()
BALI = ["WAYAN", "MADE", "NYOMAN", "KETUT", "PUTU", "KADEK", "KOMANG", "GEDE"]
BALI_MORE = (
    "SUDARMA SUKERTA ARTAWAN BUDIASA SUASTIKA WIRAWAN ARIANI WIDIARI PARWATA SUARTINI".split()
)
STREETS = "MELATI KENANGA MAWAR CEMPAKA ANGGREK FLAMBOYAN SUDIRMAN DIPONEGORO HASANUDDIN KARTINI MERDEKA PASAR GAJAH BARU".split()
TITLES = ["HJ. {}", "H. {}", "DRS. {}", "IR. {}", "{} S.PD"]
OLD = [("U", "OE"), ("Y", "J"), ("J", "DJ"), ("C", "TJ")]
SHORT = {"SITI": "ST", "MUHAMMAD": "MOH", "ABDUL": "ABD", "AHMAD": "ACHMAD", "NUR": "NOER"}
SHDK = {1: "KEPALA KELUARGA", 2: "SUAMI", 3: "ISTRI", 4: "ANAK", 7: "ORANG TUA"}
REGSOSEK = {1: 1, 2: 2, 3: 2, 4: 3, 7: 6}


@dataclass
class Person:
    """Who somebody is; `number` is the truth."""

    number: int
    name: str
    male: bool
    born: date
    place: str
    nik: str
    mother: str
    father: str
    relation: int
    niks: list[str] = field(default_factory=list)


@dataclass
class Family:
    """A family card and where it lives."""

    number: int
    card: str
    members: list[Person]
    dwelling: int
    village: str
    bps: str
    village_name: str
    address: str
    rt: int
    rw: int


class Hand:
    """One population and its three providers' files, from one seed."""

    def __init__(self, families: int, seed: int) -> None:
        self.dice = random.Random(seed)
        self.people = 0
        self.serials: dict[str, int] = {}
        places = region_tables()["ref_place"].to_pylist()
        names = {p["code"]: p["name"] for p in places if p["system"] == "kemendagri"}
        bps: dict[str, str] = {}
        for place in places:
            if place["system"] == "bps" and place["level"] == "district":
                bps.setdefault(place["today"], place["code"])
        villages = [
            c
            for c in names
            if len(c) == 10 and c[:2] in {"11", "12", "32", "33", "35", "51", "73"} and c[:6] in bps
        ]
        today = {
            p["code"] for p in places if p["system"] == "kemendagri" and p["today"] == p["code"]
        }
        villages = sorted(c for c in villages if c in today)
        self.names, self.bps = names, bps
        self.villages = self.dice.sample(villages, max(4, families // 60))
        self.families = [self._family(number) for number in range(families)]
        self._join_dwellings()

    def _name(self, village: str, male: bool, born: int, father: str | None, order: int) -> str:
        dice = self.dice
        first = dice.choices(MEN if male else WOMEN, [20, 12, 8, 6, 5] + [2] * 15)[0]
        if village[:2] == "51":
            more = dice.sample(BALI_MORE, 1 if dice.random() < 0.7 else 2)
            return " ".join(
                ["I" if male else "NI", BALI[(order % 4) + 4 * (dice.random() < 0.5)], *more]
            )
        if village[:2] == "12":
            marga = (
                father.split()[-1] if father and father.split()[-1] in MARGA else dice.choice(MARGA)
            )
            return f"{first} {marga}"
        words = [first]
        for chance in (0.35, 0.15) if born < 1980 else (0.75, 0.4):
            if dice.random() < chance:
                words.append(dice.choice(MORE if male else MORE_W))
        return " ".join(words)

    def _person(
        self,
        village: str,
        male: bool,
        born: date,
        mother: str,
        father: str,
        relation: int,
        order: int = 0,
    ) -> Person:
        dice = self.dice
        name = self._name(village, male, born.year, father or None, order)
        home = village if dice.random() < 0.9 else dice.choice(self.villages)
        place = self.names[home[:4]].removeprefix("Kabupaten ").removeprefix("Kota ").upper()
        self.people += 1
        person = Person(
            self.people,
            name,
            male,
            born,
            place,
            self._nik(home, male, born),
            mother,
            father,
            relation,
        )
        person.niks = [person.nik]
        if dice.random() < 0.006:
            person.niks.append(self._nik(dice.choice(self.villages), male, born))
        return person

    def _nik(self, village: str, male: bool, born: date) -> str:
        day = born.day + (0 if male else 40)
        stem = f"{village[:6]}{day:02d}{born.month:02d}{born.year % 100:02d}"
        self.serials[stem] = self.serials.get(stem, 0) + 1
        return f"{stem}{self.serials[stem]:04d}"

    def _day(self, low: int, high: int) -> date:
        return date(low, 1, 1) + timedelta(days=self.dice.randrange((high - low) * 365 + 1))

    def _family(self, number: int) -> Family:
        dice = self.dice
        village = dice.choice(self.villages)
        born = self._day(1945, 1998)
        if dice.random() < 0.1:
            born = born.replace(month=dice.choice([1, 7]), day=1)
        head_male = dice.random() < 0.85
        any_mother = lambda: dice.choice(WOMEN) if dice.random() < 0.8 else ""  # noqa: E731
        head = self._person(village, head_male, born, any_mother(), "", 1)
        members = [head]
        spouse = None
        if head_male and dice.random() < 0.8:
            spouse = self._person(
                village, False, self._day(born.year - 3, born.year + 8), any_mother(), "", 3
            )
            members.append(spouse)
        mother = spouse or (head if not head_male else None)
        year = born.year + 22
        for order in range(dice.choices([0, 1, 2, 3, 4], [2, 3, 4, 2, 1])[0]):
            year += dice.randrange(1, 5)
            if year > 2024:
                break
            day = self._day(year, year + 1)
            male = dice.random() < 0.5
            child = self._person(
                village,
                male,
                day,
                mother.name if mother else "",
                head.name if head_male else "",
                4,
                order,
            )
            members.append(child)
            if dice.random() < 0.012:
                twin = self._person(village, male, day, child.mother, child.father, 4, order + 1)
                members.append(twin)
        if dice.random() < 0.1:
            members.append(
                self._person(
                    village,
                    dice.random() < 0.3,
                    self._day(born.year - 30, born.year - 20),
                    any_mother(),
                    "",
                    7,
                )
            )
        address = f"{dice.choice(['JL', 'JL.', 'GG.', 'DSN.'])} {dice.choice(STREETS)} NO {dice.randrange(1, 99)}"
        day = self._day(2004, 2024)
        card = f"{village[:6]}{day:%d%m%y}{dice.randrange(1000, 9999)}"
        return Family(
            number,
            card,
            members,
            number,
            village,
            self.bps[village[:6]],
            self.names[village],
            address,
            dice.randrange(1, 13),
            dice.randrange(1, 9),
        )

    def _join_dwellings(self) -> None:
        for family, other in zip(self.families[1::9], self.families[2::9], strict=False):
            for name in ("dwelling", "village", "bps", "village_name", "address", "rt", "rw"):
                setattr(other, name, getattr(family, name))

    # What the field makes of it.

    def _typo(self, text: str) -> str:
        at = self.dice.randrange(len(text))
        kind = self.dice.randrange(4)
        if kind == 0 and at + 1 < len(text):
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        if kind == 1:
            return text[:at] + text[at + 1 :]
        if kind == 2:
            return text[:at] + text[at] + text[at:]
        return (
            text[:at]
            + self.dice.choice("AEINSTU" if text[at].isalpha() else "0123456789")
            + text[at + 1 :]
        )

    def _said(self, name: str) -> str:
        dice = self.dice
        words = name.split()
        if dice.random() < 0.15:
            words = [SHORT.get(word, word) for word in words]
        if dice.random() < 0.05:
            old, new = dice.choice(OLD)
            words[-1] = words[-1].replace(old, new, 1)
        if len(words) > 1 and dice.random() < 0.05:
            words = words[:-1]
        if len(words) > 1 and dice.random() < 0.03:
            tail = words[1:]
            dice.shuffle(tail)
            words = [words[0], *tail] if words[0] in {"I", "NI"} else [*tail, words[0]]
        said = ("" if dice.random() < 0.02 else " ").join(words)
        if len(said) > 3 and dice.random() < 0.08:
            said = self._typo(said)
        return dice.choice(TITLES).format(said) if dice.random() < 0.1 else said

    def _dated(self, born: date) -> date:
        dice = self.dice
        chance = dice.random()
        if chance < 0.02:
            return dice.choice(
                [
                    born.replace(month=7, day=1),
                    born.replace(month=12, day=31),
                    born.replace(month=1, day=1),
                ]
            )
        if chance < 0.04:
            return born + timedelta(days=dice.choice([-1, 1, 10, -10]))
        if chance < 0.05 and born.day <= 12:
            return born.replace(month=born.day, day=born.month)
        if chance < 0.06 and (born.month, born.day) != (2, 29):
            return born.replace(year=max(1930, born.year + dice.choice([-3, -1, 1, 3, 10])))
        return born

    def _numbered(self, person: Person, family: Family) -> str:
        dice = self.dice
        chance = dice.random()
        if chance < 0.06:
            return ""
        if chance < 0.10:
            return self._typo(person.nik)
        if chance < 0.115:
            return person.nik[:12] + dice.choice(["0000", "9999"])
        if chance < 0.13:
            return f"{person.nik[0]}.{person.nik[1:6]}E+15"
        if chance < 0.145 and len(family.members) > 1:
            return family.members[0].nik
        return dice.choice(person.niks)  # somebody with two numbers may give either

    def write(self, out: Path) -> None:
        """All files and truth tables, as CSV."""
        dice = self.dice
        for source in ("kemendagri", "kemensos", "pemda", "truth"):
            (out / source).mkdir(parents=True, exist_ok=True)
        biodata, cards, persons, families, residents, dwellings = [], [], [], [], [], []
        for f in self.families:
            region = [f.village[:2], f.village[2:4], f.village[4:6], f.village[6:]]
            entered = self._day(2015, 2025)
            cards.append(
                (
                    f.number,
                    f.dwelling,
                    [
                        f.card,
                        f.members[0].name,
                        f.address,
                        f"{f.rt:03}",
                        f"{f.rw:03}",
                        "",
                        "",
                        *region,
                        entered,
                    ],
                )
            )
            for p in f.members:
                for nik in p.niks:
                    biodata.append(
                        (
                            p,
                            [
                                nik,
                                f.card,
                                p.name,
                                1 if p.male else 2,
                                p.place,
                                p.born,
                                p.relation,
                                2 if p.relation in (1, 3) else 1,
                                1,
                                dice.randrange(1, 9),
                                dice.randrange(1, 20),
                                "",
                                p.mother,
                                "",
                                p.father,
                                *region,
                                "",
                                self._day(2014, 2025),
                            ],
                        )
                    )
            moved = f"{f.village[:6]}{self._day(2005, 2024):%d%m%y}{dice.randrange(1000, 9999)}"
            if dice.random() < 0.7:
                card = dice.choices([f.card, moved, self._typo(f.card), ""], [80, 12, 4, 4])[0]
                if dice.random() < 0.95:
                    meter = f"5{f.dwelling:011d}" if dice.random() < 0.7 else ""
                    families.append(
                        (
                            f.number,
                            f.dwelling,
                            [
                                f"KF{f.number:08}",
                                card,
                                self._said(f.members[0].name),
                                f.address,
                                f"{f.rt:03}",
                                f"{f.rw:03}",
                                f.village,
                                dice.choice([*range(1, 11), ""]),
                                "2026Q3",
                                *[dice.randrange(1, 4) for _ in range(9)],
                                dice.randrange(20, 120),
                                *[dice.randrange(3) for _ in range(11)],
                                meter,
                                "2026-07-10 00:00:00",
                            ],
                        )
                    )
                for p in f.members:
                    if dice.random() < 0.92:
                        born = self._dated(p.born)
                        for copy in range(2 if dice.random() < 0.01 else 1):
                            persons.append(
                                (
                                    p,
                                    [
                                        f"KS{p.number:08}{copy}",
                                        self._numbered(p, f),
                                        card,
                                        self._said(p.name),
                                        p.place,
                                        f"{born:%d/%m/%Y}",
                                        "L" if p.male else "P",
                                        self._said(p.mother)
                                        if p.mother and dice.random() < 0.4
                                        else "",
                                        REGSOSEK[p.relation],
                                        f.address,
                                        f"{f.rt:03}",
                                        f"{f.rw:03}",
                                        f.village,
                                        *[dice.choice(["YA", "TIDAK"]) for _ in range(3)],
                                        "",
                                        "",
                                        "HIDUP",
                                        "",
                                        "2025-11-02 10:00:00",
                                        f"{self._day(2023, 2026)} 08:00:00",
                                    ],
                                )
                            )
            if dice.random() < 0.6:
                card = dice.choices([f.card, moved, self._typo(f.card)], [85, 11, 4])[0]
                rt_rw = dice.choices([f"{f.rt:03}/{f.rw:03}", f"{f.rt:03}/"], [9, 1])[0]
                place = [f.bps, f.village_name]
                address = f.address.replace("JL.", "JL").replace("JL", "Jalan").title()
                dwellings.append((f.dwelling, card, f, [*place, address, rt_rw]))
                for p in f.members:
                    if dice.random() < 0.9:
                        born = self._dated(p.born)
                        name = self._said(p.name)
                        residents.append(
                            (
                                p,
                                [
                                    len(residents) + 1,
                                    self._numbered(p, f) + dice.choice(["", "", " ", "\xa0"]),
                                    card,
                                    dice.choice([name, name.title()]),
                                    p.place.title(),
                                    f"{born:%d-%m-%y}"
                                    if dice.random() < 0.15
                                    else f"{born:%d-%m-%Y}",
                                    dice.choice(["L", "1", "LAKI-LAKI"])
                                    if p.male
                                    else dice.choice(["P", "2", "PEREMPUAN"]),
                                    p.mother.title() if dice.random() < 0.4 else "",
                                    p.father if dice.random() < 0.3 else "",
                                    SHDK[p.relation],
                                    address,
                                    rt_rw,
                                    *place,
                                    "WIRASWASTA",
                                    "",
                                    f"{self._day(2024, 2026):%d-%m-%Y}",
                                    f"R{f.dwelling:06}",
                                ],
                            )
                        )
        houses: dict[int, list[tuple[str, Family, list[str]]]] = {}
        for dwelling, card, f, place in dwellings:
            houses.setdefault(dwelling, []).append((card, f, place))
        rows = []
        for dwelling, inside in houses.items():
            bps, village, address, rt_rw = inside[0][2]
            meter = f"5{dwelling:011d}" if dice.random() < 0.7 else ""
            rows.append(
                (
                    dwelling,
                    [
                        f"R{dwelling:06}",
                        bps,
                        village,
                        address,
                        rt_rw,
                        "-6.5",
                        "110.5",
                        meter,
                        len(inside),
                        ",".join(card for card, _, _ in inside),
                        "KERAMIK",
                        "TEMBOK",
                        "GENTENG",
                        "SUMUR",
                        "PLN",
                        "900",
                        "SENDIRI",
                        "60",
                        "1",
                        "0",
                        "1",
                        "01-06-2025",
                    ],
                )
            )
        for listing in (biodata, persons, residents, rows, cards, families):
            dice.shuffle(listing)  # type: ignore[arg-type]
        self._save(out, biodata, persons, residents, cards, families, rows)

    @staticmethod
    def _save(
        out: Path,
        biodata: list,
        persons: list,
        residents: list,
        cards: list,
        families: list,
        rows: list,
    ) -> None:  # type: ignore[type-arg]
        files = [
            ("kemendagri", "biodata_wni", BIODATA, "utf-8", ",", [r for _, r in biodata]),
            ("kemendagri", "data_keluarga", CARDS, "utf-8", ",", [r for _, _, r in cards]),
            ("kemensos", "siksng_individu", PERSONS, "utf-8-sig", ",", [r for _, r in persons]),
            (
                "kemensos",
                "siksng_keluarga",
                FAMILIES,
                "utf-8-sig",
                ",",
                [r for _, _, r in families],
            ),
            ("pemda", "warga", RESIDENTS, "cp1252", ";", [r for _, r in residents]),
            ("pemda", "rumah_tangga", DWELLINGS, "cp1252", ";", [r for _, r in rows]),
        ]
        for source, name, header, encoding, delimiter, body in files:
            with (out / source / f"{name}.csv").open("w", encoding=encoding, newline="") as stream:
                writer = csv.writer(stream, delimiter=delimiter)
                writer.writerow(header.split("|"))
                writer.writerows(body)
        people = [
            ("kemendagri", "biodata_wni", biodata),
            ("kemensos", "siksng_individu", persons),
            ("pemda", "warga", residents),
        ]
        _truth(
            out,
            "person",
            [(s, n, i, p.number) for s, n, body in people for i, (p, _) in enumerate(body, 1)],
        )
        cards_of = [
            ("kemendagri", "data_keluarga", cards),
            ("kemensos", "siksng_keluarga", families),
        ]
        _truth(
            out,
            "family",
            [(s, n, i, row[0]) for s, n, body in cards_of for i, row in enumerate(body, 1)],
        )
        placed = [(s, n, i, row[1]) for s, n, body in cards_of for i, row in enumerate(body, 1)]
        _truth(
            out,
            "household",
            placed + [("pemda", "rumah_tangga", i, row[0]) for i, row in enumerate(rows, 1)],
        )


def _truth(out: Path, kind: str, rows: list[tuple[str, str, int, int]]) -> None:
    with (out / "truth" / f"{kind}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["source", "file", "row", "entity"])
        writer.writerows(
            [(source, f"{name}.csv", row, entity) for source, name, row, entity in rows]
        )


BIODATA = "NIK|NO_KK|NAMA_LGKP|JENIS_KLMIN|TMPT_LHR|TGL_LHR|STAT_HBKEL|STAT_KWN|AGAMA|PDDK_AKH|JENIS_PKRJN|NIK_IBU|NAMA_LGKP_IBU|NIK_AYAH|NAMA_LGKP_AYAH|NO_PROP|NO_KAB|NO_KEC|NO_KEL|TGL_MENINGGAL|TGL_ENTRI"
CARDS = "NO_KK|NAMA_KEP|ALAMAT|NO_RT|NO_RW|DUSUN|KODE_POS|NO_PROP|NO_KAB|NO_KEC|NO_KEL|TGL_ENTRI"
PERSONS = "IDSEMESTA|NIK|NOKK|Nama|Tempat_Lahir|Tanggal_Lahir|Jenis_Kelamin|Nama_Ibu_Kandung|Hubungan|Alamat|RT|RW|id_desa|PKH|SEMBAKO|PBI|isAktifHamil|keterangan_disabilitas|masih_hidup_label|keterangan_meninggal|padankan_at|diperbarui_at"
FAMILIES = "IDSEMESTA_KELUARGA|NOKK|Nama_Kepala|Alamat|RT|RW|id_desa|desil_nasional|periode_desil|jenis_lantai|jenis_dinding|jenis_atap|sumber_air_minum|sumber_penerangan|daya_terpasang|bahan_bakar_memasak|fasilitas_bab|status_rumah|luas_lantai|lemari_es|ac|sepeda_motor|mobil|komputer|smartphone|tv_datar|emas_gram|lahan_ha|ternak_besar|ternak_kecil|id_pelanggan_pln|diperbarui_at"
RESIDENTS = "No|NIK|No KK|Nama Lengkap|Tempat Lahir|Tgl Lahir|L/P|Nama Ibu|Nama Ayah|SHDK|Alamat|RT/RW|Kode Kec BPS|Desa/Kelurahan|Pekerjaan|No HP|Tgl Pendataan|ID Rumah"
DWELLINGS = "ID Rumah|Kode Kec BPS|Desa/Kelurahan|Alamat|RT/RW|Lintang|Bujur|ID Pelanggan PLN|Jumlah Keluarga|Daftar No KK|Lantai|Dinding|Atap|Air Minum|Penerangan|Daya|Jamban|Luas Lantai|Sepeda Motor|Mobil|Lemari Es|Tgl Pendataan"
