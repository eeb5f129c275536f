"""What is read from the texts of nvcc and cuobjdump."""

from __future__ import annotations

from jnerf.benchmark.host.resources import Usage, table, usages

PTXAS = """ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '_ZN5jnerf11hash_gatherILi3ELi2EEEvi' for 'sm_90'
ptxas info    : Function properties for _ZN5jnerf11hash_gatherILi3ELi2EEEvi
    16 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 72 registers, used 1 barriers, 4096 bytes smem, 400 bytes cmem[0]
ptxas info    : Compiling entry function 'other' for 'sm_90'
ptxas info    : Function properties for other
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 32 registers, used 0 barriers, 380 bytes cmem[0]
"""
SASS = """
                Function : _ZN5jnerf11hash_gatherILi3ELi2EEEvi
        /*0000*/                   LDC R1, c[0x0][0x28] ;                 /* 0x00000a00ff017b82 */
                                                                          /* 0x000fe20000000800 */
        /*0010*/              @!P1 LDG.E.128.CONSTANT R8, desc[UR4][R8.64] ;  /* 0x0 */
        /*0020*/                   LDG.E.U8 R8, desc[UR4][R8.64] ;        /* 0x0 */
        /*0030*/                   REDG.E.ADD.F32x2.FTZ.RN.STRONG.GPU desc[UR6][R16.64], R4 ;  /* 0x0 */
        /*0040*/                   STG.E desc[UR4][R2.64], R8 ;           /* 0x0 */
        /*0050*/                   HMMA.16816.F32.BF16 R4, R8, R10, RZ ;  /* 0x0 */
        /*0060*/                   NOP ;                                  /* 0x0 */
"""


def test_numbers_of_every_kernel_are_found():
    first, second = usages(PTXAS, SASS)
    assert "hash_gather" in first.name and "(" not in first.name
    assert (first.registers, first.spills, first.shared) == (72, 20, 4096)
    assert (second.name, second.registers, second.spills, second.shared) == ("other", 32, 0, 0)
    counts = {"all": 6, "LDG.128": 1, "LDG.8": 1, "REDG.64": 1, "STG.32": 1, "HMMA": 1}
    assert dict(first.instructions) == counts and not second.instructions


def test_room_follows_registers_and_device():
    usage = Usage("kernel", 72, 0, 0)
    assert usage.occupancy(90) == 28 * 32 / 2048  # 65536 / (72 * 32) warps
    assert usage.occupancy(86) == 28 * 32 / 1536
    assert Usage("kernel", 32, 0, 0).occupancy(90) == 1.0
    assert Usage("kernel", 16, 0, 0).occupancy(75) == 1.0


def test_table_names_each_kernel_once():
    first, second = usages(PTXAS)
    lines = table([("b", first), ("a", second), ("b", first)], 90).splitlines()
    assert len(lines) == 3 and lines[1].startswith("a ") and "100%" in lines[1]
    assert "44%" in lines[2] and lines[2].rstrip().endswith("-")
