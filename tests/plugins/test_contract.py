"""Every built-in plugin passes the exam that third parties are given."""

from __future__ import annotations

from typing import ClassVar, get_args

from vizframe.plugins.activation import Activation
from vizframe.plugins.class_visualization import ClassVisualization
from vizframe.plugins.deconvolution import Deconvolution
from vizframe.plugins.gradient_ascent import GradientAscent
from vizframe.plugins.relevance import Relevance
from vizframe.plugins.saliency import Method, Saliency
from vizframe.plugins.top_images import StrongestImages
from vizframe.plugins.weights import Weights
from vizframe.testing.plugin import PluginContract


class TestActivation(PluginContract):
    plugin = Activation


class TestWeights(PluginContract):
    plugin = Weights


class TestDeconvolution(PluginContract):
    plugin = Deconvolution


class TestTopImages(PluginContract):
    plugin = StrongestImages


class TestSaliency(PluginContract):
    plugin = Saliency


class TestSaliencyByEveryMethod(PluginContract):
    plugin = Saliency
    options: ClassVar = {"methods": get_args(Method), "samples": 2, "steps": 16}


class TestRelevance(PluginContract):
    plugin = Relevance


class TestGradientAscent(PluginContract):
    plugin = GradientAscent
    options: ClassVar = {"iterations": 3}


class TestGradientAscentOfTheWholeInput(PluginContract):
    plugin = GradientAscent
    options: ClassVar = {"preset": "yosinski-3", "iterations": 3, "whole": True}


class TestClassVisualization(PluginContract):
    plugin = ClassVisualization
    options: ClassVar = {"iterations": 3}
