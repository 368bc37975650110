"""The providers' layouts, exactly as agreed (columns, order, delimiter, encoding)."""

from __future__ import annotations

from synthetic.writing import Layout


def _columns(text: str, separator: str = ", ") -> tuple[str, ...]:
    return tuple(" ".join(text.split()).split(separator))


BIODATA = Layout(
    "biodata_wni",
    _columns(
        """NIK, NO_KK, NAMA_LGKP, JENIS_KLMIN, TMPT_LHR, TGL_LHR, STAT_HBKEL, STAT_KWN, AGAMA,
        PDDK_AKH, JENIS_PKRJN, NIK_IBU, NAMA_LGKP_IBU, NIK_AYAH, NAMA_LGKP_AYAH, NO_PROP, NO_KAB,
        NO_KEC, NO_KEL, TGL_MENINGGAL, TGL_ENTRI"""
    ),
)
KELUARGA = Layout(
    "data_keluarga",
    _columns(
        """NO_KK, NAMA_KEP, ALAMAT, NO_RT, NO_RW, DUSUN, KODE_POS, NO_PROP, NO_KAB, NO_KEC, NO_KEL,
        TGL_ENTRI"""
    ),
)
INDIVIDU = Layout(
    "siksng_individu",
    _columns(
        """IDSEMESTA, NIK, NOKK, Nama, Tempat_Lahir, Tanggal_Lahir, Jenis_Kelamin, Nama_Ibu_Kandung,
        Hubungan, Alamat, RT, RW, id_desa, PKH, SEMBAKO, PBI, isAktifHamil, keterangan_disabilitas,
        masih_hidup_label, keterangan_meninggal, padankan_at, diperbarui_at"""
    ),
    encoding="utf-8-sig",
)
SIKSNG_KELUARGA = Layout(
    "siksng_keluarga",
    _columns(
        """IDSEMESTA_KELUARGA, NOKK, Nama_Kepala, Alamat, RT, RW, id_desa, desil_nasional,
        periode_desil, jenis_lantai, jenis_dinding, jenis_atap, sumber_air_minum, sumber_penerangan,
        daya_terpasang, bahan_bakar_memasak, fasilitas_bab, status_rumah, luas_lantai, lemari_es,
        ac, sepeda_motor, mobil, komputer, smartphone, tv_datar, emas_gram, lahan_ha, ternak_besar,
        ternak_kecil, id_pelanggan_pln, diperbarui_at"""
    ),
    encoding="utf-8-sig",
)
WARGA = Layout(
    "warga",
    _columns(
        """No, NIK, No KK, Nama Lengkap, Tempat Lahir, Tgl Lahir, L/P, Nama Ibu, Nama Ayah, SHDK,
        Alamat, RT/RW, Kode Kec BPS, Desa/Kelurahan, Pekerjaan, No HP, Tgl Pendataan, ID Rumah"""
    ),
    delimiter=";",
    encoding="cp1252",
)
RUMAH_TANGGA = Layout(
    "rumah_tangga",
    _columns(
        """ID Rumah, Kode Kec BPS, Desa/Kelurahan, Alamat, RT/RW, Lintang, Bujur, ID Pelanggan PLN,
        Jumlah Keluarga, Daftar No KK, Lantai, Dinding, Atap, Air Minum, Penerangan, Daya, Jamban,
        Luas Lantai, Sepeda Motor, Mobil, Lemari Es, Tgl Pendataan"""
    ),
    delimiter=";",
    encoding="cp1252",
)
