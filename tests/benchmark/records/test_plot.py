from xml.etree import ElementTree

from benchmark_records import make
from svg import points

from jnerf.benchmark.records.plot import memory_plot, training_plot


def test_plots_are_xml_and_keep_within_the_picture():
    for svg in (training_plot(make("train")), memory_plot(make("memory"))):
        root = ElementTree.fromstring(svg)
        width, height = float(root.get("width")), float(root.get("height"))
        for line in points(svg):
            assert all(0 <= x <= width and 0 <= y <= height for x, y in line)
