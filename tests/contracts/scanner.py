"""What every Scanner does. A test class for a scanner inherits these and provides the fixture `scanner`."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from attachguard.adapters import clamd_probes
from attachguard.errors import ScannerUnavailable
from attachguard.model import Limits
from attachguard.ports import Scanner

MIB = 1024 * 1024
CHUNK = 64 * 1024


def put(folder: Path, data: bytes, name: str = "file") -> Path:
    """Write a file to be scanned."""
    path = folder / name
    path.write_bytes(data)
    return path


class ScannerContract:
    """The promises of ports.Scanner."""

    def test_a_harmless_file_has_no_hit(self, scanner: Scanner, tmp_path: Path) -> None:
        assert scanner.scan(put(tmp_path, b"good morning")).hit is None

    def test_an_empty_file_has_no_hit(self, scanner: Scanner, tmp_path: Path) -> None:
        assert scanner.scan(put(tmp_path, b"")).hit is None

    def test_an_answer_says_who_looked_with_what_and_when(self, scanner: Scanner, tmp_path: Path) -> None:
        before = datetime.now(UTC)
        identity = scanner.scan(put(tmp_path, b"good morning")).identity
        assert identity.engine
        assert identity.signatures.split()[0] in {"daily", "custom"}
        assert before <= identity.at <= before + timedelta(seconds=60)

    def test_the_test_virus_is_named(self, scanner: Scanner, tmp_path: Path) -> None:
        hit = scanner.scan(put(tmp_path, clamd_probes.eicar())).hit
        assert hit is not None
        assert "eicar" in hit.lower()

    def test_the_test_virus_is_found_inside_a_zip(self, scanner: Scanner, tmp_path: Path) -> None:
        hit = scanner.scan(put(tmp_path, clamd_probes.eicar_zip())).hit
        assert hit is not None
        assert "eicar" in hit.lower()

    @pytest.mark.parametrize("before", [1, CHUNK - 68, CHUNK - 34, CHUNK, 2 * CHUNK - 1])
    def test_the_test_virus_is_found_wherever_it_lies_in_the_stream(
        self, scanner: Scanner, tmp_path: Path, before: int
    ) -> None:
        assert scanner.scan(put(tmp_path, b"." * before + clamd_probes.eicar())).hit is not None

    def test_the_largest_file_that_is_received_is_scanned(self, scanner: Scanner, tmp_path: Path) -> None:
        assert scanner.scan(put(tmp_path, bytes(Limits().file_size))).hit is None

    def test_a_file_too_large_to_scan_is_neither_clean_nor_malware(self, scanner: Scanner, tmp_path: Path) -> None:
        hit = scanner.scan(put(tmp_path, bytes(11 * MIB + 1))).hit
        assert hit is not None
        assert hit.startswith("Heuristics.Limits.Exceeded")

    def test_an_encrypted_zip_is_neither_clean_nor_malware(self, scanner: Scanner, tmp_path: Path) -> None:
        assert scanner.scan(put(tmp_path, clamd_probes.encrypted_zip())).hit == "Heuristics.Encrypted.Zip"

    def test_a_zip_nested_too_deeply_is_neither_clean_nor_malware(self, scanner: Scanner, tmp_path: Path) -> None:
        hit = scanner.scan(put(tmp_path, clamd_probes.deep_zip())).hit
        assert hit is not None
        assert hit.startswith("Heuristics.Limits.Exceeded")

    @pytest.mark.parametrize("name", ["colon: name: x.txt", "new\nline", "spa ce", "\udcff.bin", "-option", "ü.txt"])
    def test_a_name_changes_nothing(self, scanner: Scanner, tmp_path: Path, name: str) -> None:
        assert scanner.scan(put(tmp_path, b"good morning", name)).hit is None
        assert scanner.scan(put(tmp_path, clamd_probes.eicar(), name)).hit is not None

    def test_a_file_that_is_not_there_has_no_answer(self, scanner: Scanner, tmp_path: Path) -> None:
        with pytest.raises(ScannerUnavailable):
            scanner.scan(tmp_path / "missing")

    def test_a_folder_has_no_answer(self, scanner: Scanner, tmp_path: Path) -> None:
        with pytest.raises(ScannerUnavailable):
            scanner.scan(tmp_path)

    def test_a_link_has_no_answer(self, scanner: Scanner, tmp_path: Path) -> None:
        put(tmp_path, b"good morning")
        (tmp_path / "link").symlink_to("file")
        with pytest.raises(ScannerUnavailable):
            scanner.scan(tmp_path / "link")

    def test_a_pipe_has_no_answer_and_does_not_block(self, scanner: Scanner, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ScannerUnavailable):
            scanner.scan(tmp_path / "pipe")

    def test_many_threads_each_get_their_own_answer(self, scanner: Scanner, tmp_path: Path) -> None:
        clean = put(tmp_path, b"good morning", "clean")
        bad = put(tmp_path, clamd_probes.eicar(), "bad")
        paths = [clean, bad] * 200
        with ThreadPoolExecutor(32) as pool:
            found = list(pool.map(lambda path: scanner.scan(path).hit is not None, paths))
        assert found == [False, True] * 200

    def test_its_probe_names_each_check_once_and_finds_nothing_wrong_that_is_required(self, scanner: Scanner) -> None:
        checks = scanner.probe()
        names = [check.name for check in checks]
        assert len(set(names)) == len(names)
        assert {"clamd", "eicar", "signatures"} <= set(names)
        assert [check for check in checks if check.required and not check.ok] == []
        assert all(check.detail for check in checks)

    def test_its_probe_says_when_the_signatures_are_not_the_official_ones(self, scanner: Scanner) -> None:
        signatures = next(check for check in scanner.probe() if check.name == "signatures")
        assert (signatures.ok, signatures.required) == (False, False)
