"""Every built-in plugin passes the exam that third parties are given."""

from __future__ import annotations

from typing import ClassVar, get_args

from vizframe.plugins.ablation import Ablation
from vizframe.plugins.activation import Activation
from vizframe.plugins.class_visualization import ClassVisualization
from vizframe.plugins.deconvolution import Deconvolution
from vizframe.plugins.faithfulness import Faithfulness
from vizframe.plugins.gradient_ascent import GradientAscent
from vizframe.plugins.histograms import Histograms
from vizframe.plugins.perturbation import Perturbation
from vizframe.plugins.relevance import Relevance
from vizframe.plugins.saliency import Method, Saliency
from vizframe.plugins.top_images import StrongestImages
from vizframe.plugins.weights import Weights
from vizframe.testing.plugin import PluginContract


class TestActivation(PluginContract):
    plugin = Activation


class TestAblation(PluginContract):
    plugin = Ablation


class TestHistograms(PluginContract):
    plugin = Histograms


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


class TestPerturbation(PluginContract):
    plugin = Perturbation
    options: ClassVar = {
        "methods": ("rise", "score_cam", "expected"), "masks": 12, "cells": 3, "samples": 4
    }  # fmt: skip


class TestFaithfulness(PluginContract):
    plugin = Faithfulness
    options: ClassVar = {
        "methods": ("gradient", "relevance", "random"), "points": 3, "squares": 3, "samples": 1,
        "cascade": True,
    }  # fmt: skip


class TestGradientAscent(PluginContract):
    plugin = GradientAscent
    options: ClassVar = {"iterations": 3}


class TestGradientAscentOfTheWholeInput(PluginContract):
    plugin = GradientAscent
    options: ClassVar = {"preset": "yosinski-3", "iterations": 3, "whole": True}


class TestClassVisualization(PluginContract):
    plugin = ClassVisualization
    options: ClassVar = {"iterations": 3}
